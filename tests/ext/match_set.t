# set: membership in an IP set
> create s4 hash:ip family inet
> add s4 10.0.0.9
> create n4 hash:net family inet
> add n4 10.0.0.0/8
> add n4 10.0.0.0/24 nomatch
> add n4 10.0.0.8/31
> create p4 hash:ip,port family inet
> add p4 10.0.0.1,tcp:80
> add p4 10.0.0.1,icmp:8/0
> create s6 hash:ip family inet6
> add s6 fd00::9
:4 filter
-m set --match-set s4 src ; = ; OK
-m set --match-set s4 src,dst ; = ; OK
-m set ! --match-set s4 dst ; = ; OK
-m set --set s4 src ; -m set --match-set s4 src ; OK
-m set ! --match-set s4 src --return-nomatch ; = ; OK
-m set --match-set s4 src ! --update-counters ! --update-subcounters --packets-gt 5 ! --bytes-eq 7 ; = ; OK
-m set --match-set s4 src --update-counters --update-subcounters ; -m set --match-set s4 src ; OK
-m set --match-set s4 src ! --update-counters ! --update-counters ; -m set --match-set s4 src ! --update-counters ; OK
-m set --match-set s4 SRC ; ; FAIL
-m set --match-set s4 src,dst,src,dst,src,dst,src ; ; FAIL
-m set --match-set s4 src, ; ; FAIL
-m set --match-set s4 src --packets-eq 5 --packets-gt 4 ; ; FAIL
-m set ; ; FAIL
-m set --match-set s4 src ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m set --match-set s4 dst ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m set ! --match-set s4 dst ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m set --match-set n4 src ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m set --match-set n4 src ; udp 10.0.0.10:1 > 10.0.0.1:53 ; no
-m set ! --match-set n4 src ; udp 10.0.0.10:1 > 10.0.0.1:53 ; yes
-m set --match-set n4 src ; udp 10.0.1.10:1 > 10.0.0.1:53 ; yes
-m set --match-set n4 src ; udp 11.0.1.10:1 > 10.0.0.1:53 ; no
-m set --match-set p4 dst,dst ; tcp 10.0.0.9:1 > 10.0.0.1:80 ; yes
-m set --match-set p4 dst,src ; tcp 10.0.0.9:1 > 10.0.0.1:80 ; no
-m set --match-set p4 dst,dst ; udp 10.0.0.9:1 > 10.0.0.1:80 ; no
-m set --match-set p4 dst,dst ; icmp 10.0.0.9 > 10.0.0.1 type=8 code=0 ; yes
-m set --match-set p4 dst,dst ; icmp 10.0.0.9 > 10.0.0.1 type=8 code=1 ; no
# Too few directions: no packet is a member; inverted, every one is not.
-m set --match-set p4 dst ; tcp 10.0.0.9:1 > 10.0.0.1:80 ; no
-m set ! --match-set p4 dst ; tcp 10.0.0.9:1 > 10.0.0.1:80 ; yes
-m set --match-set p4 dst,dst ; tcp 10.0.0.9:1 > 10.0.0.1:80 cut=3 ; no
-m set --match-set p4 dst,dst ; tcp 10.0.0.9:1 > 10.0.0.1:80 frag=2 ; no
:6 filter
-m set --match-set s6 src ; = ; OK
-m set --match-set s6 src ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m set --match-set s6 dst ; udp [fd00::9]:1 > [fd00::1]:53 ; no
