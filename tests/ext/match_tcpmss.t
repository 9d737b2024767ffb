# tcpmss: the announced segment size
:both
-p tcp -m tcpmss --mss 500 ; = ; OK
-p tcp -m tcpmss ! --mss 500:1460 ; = ; OK
-p tcp -m tcpmss --mss 9:5 ; ; FAIL
-p tcp -m tcpmss --mss 65536 ; ; FAIL
-p udp -m tcpmss --mss 5 ; ; FAIL
-m tcpmss --mss 5 ; ; FAIL
-p tcp -m tcpmss ; ; FAIL
:both
# What the capture lacks is not known.
-p tcp -m tcpmss --mss 5 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 opt=020405b4 snap=40 ; error
-p tcp -m tcpmss --mss 5 ; tcp 10.0.0.9:1000 > 10.0.0.1:80 snap=40 ; no
