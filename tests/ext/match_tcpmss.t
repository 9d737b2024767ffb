# tcpmss: the announced segment size
:both
-p tcp -m tcpmss --mss 500 ; = ; OK
-p tcp -m tcpmss ! --mss 500:1460 ; = ; OK
-p tcp -m tcpmss --mss 9:5 ; ; FAIL
-p tcp -m tcpmss --mss 65536 ; ; FAIL
-p udp -m tcpmss --mss 5 ; ; FAIL
-m tcpmss --mss 5 ; ; FAIL
-p tcp -m tcpmss ; ; FAIL
