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
