# ah, esp, ipcomp: the index of IPsec headers
:both
-p esp -m esp ; = ; OK
-p esp -m esp --espspi 5 ; = ; OK
-p esp -m esp ! --espspi 5:9 ; = ; OK
-p esp --espspi 0: ; -p esp -m esp ; OK
-p esp -m esp --espspi 4294967296 ; ; FAIL
-m esp --espspi 5 ; ; FAIL
-p udp -m esp ; ; FAIL
-p ipcomp -m ipcomp --ipcompspi 18 ; = ; OK
-p ipcomp -m ipcomp ; -p ipcomp -m ipcomp --ipcompspi 0 ; OK
-p ipcomp -m ipcomp --ipcompspi 18 --compres ; -p ipcomp -m ipcomp --ipcompspi 18 --compres ; OK
-m ipcomp --ipcompspi 18 ; ; FAIL
:4
-p ah -m ah --ahspi 0x10:20 ; -p ah -m ah --ahspi 16:20 ; OK
-p ah -m ah ! --ahspi 7 ; = ; OK
-m ah --ahspi 7 ; ; FAIL
:6
-m ah --ahspi 7 --ahlen 24 --ahres ; = ; OK
-m ah ! --ahlen 24 ; = ; OK
-m ah --ahspi abc ; ; FAIL
# ah, esp, ipcomp: in IPv4 and IPv6
:4
-p ah -m ah ; = ; OK
-p ah --ahspi 5 ; -p ah -m ah --ahspi 5 ; OK
-p 51 --ahspi 5 ; -p ah -m ah --ahspi 5 ; OK
-p ah -m ah --ahspi 0x5:010 ; -p ah -m ah --ahspi 5:8 ; OK
# Every SPI is not saved, even inverted, which never matches.
-p ah -m ah --ahspi 0:4294967295 ; -p ah -m ah ; OK
-p ah -m ah ! --ahspi 0:4294967295 ; -p ah -m ah ; OK
-p ah -m ah --ahspi :5 ; -p ah -m ah --ahspi 0:5 ; OK
-p ah -m ah --ahspi 5: ; -p ah -m ah --ahspi 5:4294967295 ; OK
-p ah -m ah --ahspi 9:5 ; = ; OK
-p ah -m ah --ahspi 4294967296 ; ; FAIL
-m ah --ahspi 5 ; ; FAIL
! -p ah -m ah --ahspi 5 ; ; FAIL
-p ah -m ah ! --ahspi 5 --ahspi 6 ; ; FAIL
-p ah -m ah --ahlen 5 ; ; FAIL
-p ah -m ah ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; yes
-p ah -m ah --ahspi 5 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; yes
-p ah -m ah ! --ahspi 5 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; no
-p ah -m ah --ahspi 6:7 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; no
-p ah -m ah --ahspi 9:5 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; no
-p ah -m ah ! --ahspi 9:5 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; yes
-p ah -m ah ! --ahspi 0:4294967295 ; 51 10.0.0.9 > 10.0.0.1 hex=3b0400000000000500000001 ; no
-p ah -m ah ; 51 10.0.0.9 > 10.0.0.1 hex=3b04000000000005000000 ; hotdrop
-p ah -m ah ; 51 10.0.0.9 > 10.0.0.1 frag=2 hex=3b0400000000000500000001 ; no
:both
-p esp -m esp ; = ; OK
-p esp --espspi 5 ; -p esp -m esp --espspi 5 ; OK
-p esp -m esp --espspi 0:4294967295 ; -p esp -m esp ; OK
-p esp -m esp ! --espspi 0:4294967295 ; -p esp -m esp ; OK
-p esp -m esp ! --espspi 5:9 ; = ; OK
-p esp -m esp --espspi 9:5 ; = ; OK
-m esp --espspi 5 ; ; FAIL
! -p esp -m esp --espspi 5 ; ; FAIL
-p esp -m esp --espspi 5 ; 50 10.0.0.9 > 10.0.0.1 hex=0000000500000001 ; yes
-p esp -m esp --espspi 6 ; 50 10.0.0.9 > 10.0.0.1 hex=0000000500000001 ; no
-p esp -m esp ! --espspi 6 ; 50 [fd00::9] > [fd00::1] hex=0000000500000001 ; yes
-p esp -m esp --espspi 5:7 ; 50 [fd00::9] > [fd00::1] hex=0000000700000001 ; yes
-p esp -m esp ; 50 [fd00::9] > [fd00::1] hex=00000007000000 ; hotdrop
-p esp -m esp ; 50 10.0.0.9 > 10.0.0.1 hex=00000007000000 ; hotdrop
-p esp -m esp ! --espspi 5 ; 50 10.0.0.9 > 10.0.0.1 frag=1 hex=0000000700000000 ; no
-p esp -m esp --espspi 5 ; 50 [fd00::9] > [fd00::1] ext=60:0000010400000000 hex=0000000500000001 ; yes
# Without an index iptables asks for index 0.
-p ipcomp -m ipcomp ; -p ipcomp -m ipcomp --ipcompspi 0 ; OK
-p ipcomp --ipcompspi 5 ; -p ipcomp -m ipcomp --ipcompspi 5 ; OK
-p ipcomp -m ipcomp --ipcompspi 0:4294967295 ; -p ipcomp -m ipcomp ; OK
-p ipcomp -m ipcomp ! --ipcompspi 0x5:9 ; -p ipcomp -m ipcomp ! --ipcompspi 5:9 ; OK
-p ipcomp -m ipcomp --compres ; -p ipcomp -m ipcomp --ipcompspi 0 --compres ; OK
-p ipcomp -m ipcomp --compres --ipcompspi 5 ; -p ipcomp -m ipcomp --ipcompspi 5 --compres ; OK
-p ipcomp -m ipcomp --ipcompspi 5 ! --compres ; ; FAIL
-m ipcomp --ipcompspi 5 ; ; FAIL
-p ipcomp -m ipcomp --ipcompspi 5 ; 108 10.0.0.9 > 10.0.0.1 hex=06000005 ; yes
-p ipcomp -m ipcomp ; 108 10.0.0.9 > 10.0.0.1 hex=06000005 ; no
-p ipcomp -m ipcomp ; 108 10.0.0.9 > 10.0.0.1 hex=06000000 ; yes
-p ipcomp -m ipcomp --compres --ipcompspi 5 ; 108 10.0.0.9 > 10.0.0.1 hex=06010005 ; yes
-p ipcomp -m ipcomp ! --ipcompspi 5 ; 108 [fd00::9] > [fd00::1] hex=06000006 ; yes
-p ipcomp -m ipcomp ; 108 [fd00::9] > [fd00::1] hex=060000 ; hotdrop
:6
-m ah ; = ; OK
-p ah --ahspi 5 ; -p ah -m ah --ahspi 5 ; OK
-m ah --ahspi :5 ; -m ah --ahspi 0:5 ; OK
-m ah ! --ahspi 0:4294967295 ; -m ah ; OK
-p tcp -m ah ! --ahspi 5 ! --ahlen 5 --ahres ; = ; OK
-m ah --ahlen 0 ; -m ah ; OK
-m ah --ahspi 7 --ahlen 0 --ahres ; -m ah --ahspi 7 --ahres ; OK
-m ah ! --ahlen 0 ; = ; OK
-m ah --ahlen 4294967296 ; ; FAIL
-m ah ! --ahres ; ; FAIL
-m ah --ahlen 5:6 ; ; FAIL
-m ah --ahspi 5 ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; yes
-m ah --ahspi 6 ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; no
-m ah ! --ahspi 6 ; udp [fd00::9]:1 > [fd00::1]:2 ; no
-m ah ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; yes
-m ah --ahlen 12 ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; yes
-m ah ! --ahlen 12 ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; no
-m ah ! --ahlen 0 ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; yes
-m ah --ahres ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100000000000500000001 ; yes
-m ah --ahres ; udp [fd00::9]:1 > [fd00::1]:2 ext=51:000100010000000500000001 ; no
-m ah --ahspi 5 ; udp [fd00::9]:1 > [fd00::1]:2 ext=0:0000010400000000 ext=51:000100000000000500000001 ; yes
