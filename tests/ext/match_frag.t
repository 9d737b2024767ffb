# frag: the IPv6 fragment header
:6
-m frag ; = ; OK
-m frag --fragid 5:9 ; = ; OK
-m frag ! --fragid 5 ! --fraglen 8 --fragres --fragfirst --fragmore ; = ; OK
-m frag --fraglast ; = ; OK
-m frag --fraglast --fragmore ; ; FAIL
-m frag --fragid 4294967296 ; ; FAIL
-m frag ; udp [fd00::9]:1 > [fd00::1]:53 ; no
