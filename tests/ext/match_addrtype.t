# addrtype: what the routing table calls an address
-m addrtype --dst-type LOCAL ; = ; OK
-m addrtype --dst-type LOCAL --limit-iface-in ; = ; OK
-m addrtype ! --src-type multi --dst-type UNSPEC,anycast,local,uni ; -m addrtype ! --src-type MULTICAST --dst-type UNSPEC,UNICAST,LOCAL,ANYCAST ; OK
-m addrtype --limit-iface-in ; ; FAIL
-m addrtype ; ; FAIL
-m addrtype --dst-type LOCAL --limit-iface-in --limit-iface-out ; ; FAIL
-m addrtype --dst-type foo ; ; FAIL
-m addrtype --dst-type "" ; ; FAIL
-m addrtype --dst-type LOCAL, ; ; FAIL
-m addrtype ! --dst-type UNREACHABLE ; = ; OK
:4 filter
-m addrtype --dst-type BROADCAST ; = ; OK
:6 filter
-m addrtype --dst-type BROADCAST ; ; FAIL
:4 filter
-m addrtype --dst-type BLACKHOLE ; = ; OK
:6 filter
-m addrtype --dst-type BLACKHOLE ; ; FAIL
:4 filter
-m addrtype --dst-type PROHIBIT,THROW,NAT,XRESOLVE ; = ; OK
:6 filter
-m addrtype --dst-type PROHIBIT,THROW,NAT,XRESOLVE ; ; FAIL
:4 filter
-m addrtype --dst-type LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m addrtype --src-type LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m addrtype ! --src-type LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m addrtype --src-type UNICAST,LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m addrtype ! --src-type UNICAST,LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m addrtype --dst-type BROADCAST ; udp 10.0.0.9:1 > 255.255.255.255:53 ; yes
-m addrtype --dst-type BROADCAST ; udp 10.0.0.9:1 > 10.0.0.255:53 ; yes
-m addrtype --dst-type MULTICAST ; udp 10.0.0.9:1 > 224.0.0.1:53 ; yes
-m addrtype --dst-type UNICAST ; udp 10.0.0.9:1 > 224.0.0.1:53 ; no
-m addrtype --src-type LOCAL --dst-type LOCAL ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
:6 filter
-m addrtype --dst-type LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m addrtype --src-type LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; no
-m addrtype ! --src-type LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
# In IPv6 all must hold: a unicast address that is local.
-m addrtype --dst-type UNICAST,LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m addrtype --src-type UNICAST,LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; no
-m addrtype ! --src-type UNICAST,LOCAL ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m addrtype --src-type UNICAST ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m addrtype --dst-type MULTICAST ; udp [fd00::9]:1 > [ff02::1]:53 ; yes
-m addrtype --dst-type UNICAST ; udp [fd00::9]:1 > [ff02::1]:53 ; no
-m addrtype ! --dst-type MULTICAST ; udp [fd00::9]:1 > [ff02::1]:53 ; no
