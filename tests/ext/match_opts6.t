# hbh and dst: IPv6 options
:6
-m hbh ; = ; OK
-m hbh ! --hbh-len 8 --hbh-opts 1:2,5 ; = ; OK
-m hbh --hbh-opts 5:256 ; -m hbh --hbh-opts 5:0 ; OK
-m hbh --hbh-opts 256 ; -m hbh --hbh-opts 0 ; OK
-m hbh --hbh-opts 256:1 ; ; FAIL
-m hbh --hbh-opts 5:x ; ; FAIL
-m dst --dst-len 16 --dst-opts 4:5 ; = ; OK
-m dst ; udp [fd00::9]:1 > [fd00::1]:53 ; no
-m hbh ; udp [fd00::9]:1 > [fd00::1]:53 ; no
