# ipv6header: which extension headers there are
:6
-m ipv6header --header frag ; -m ipv6header --header ipv6-frag ; OK
-m ipv6header ! --header hop,dst,44 --soft ; -m ipv6header ! --header hop-by-hop,ipv6-opts,ipv6-frag --soft ; OK
-m ipv6header --header nosuch ; ; FAIL
-m ipv6header --soft ; ; FAIL
-m ipv6header --header prot --soft ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m ipv6header --header prot ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m ipv6header ! --header prot ; udp [fd00::9]:1 > [fd00::1]:53 ; no
-m ipv6header --header frag --soft ; udp [fd00::9]:1 > [fd00::1]:53 ; no
-m ipv6header --header frag ; udp [fd00::9]:1 > [fd00::1]:53 ; no
