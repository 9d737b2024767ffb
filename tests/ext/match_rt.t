# rt: the IPv6 routing header
:6
-m rt ; = ; OK
-m rt --rt-type 0 ! --rt-segsleft 1:2 --rt-len 24 --rt-0-res ; = ; OK
-m rt --rt-type 0 --rt-0-addrs fd00::1,fd00::2 --rt-0-not-strict ; = ; OK
-m rt --rt-type 1 --rt-0-res ; ; FAIL
-m rt --rt-0-res ; ; FAIL
-m rt --rt-type 0 --rt-0-addrs nosuch ; ; FAIL
-m rt ; udp [fd00::9]:1 > [fd00::1]:53 ; no
