# ecn: congestion notification
:both
-m ecn --ecn-ip-ect 2 ; = ; OK
-m ecn ! --ecn-ip-ect 0 ; = ; OK
-p tcp -m ecn --ecn-tcp-cwr --ecn-tcp-ece ; -p tcp -m ecn --ecn-tcp-ece --ecn-tcp-cwr ; OK
-m ecn --ecn-ip-ect 4 ; ; FAIL
-m ecn --ecn-tcp-ece ; ; FAIL
-m ecn ; ; FAIL
:4
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=2 ; yes
-m ecn --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=3 ; no
-m ecn ! --ecn-ip-ect 2 ; udp 10.0.0.9:1 > 10.0.0.1:53 tos=3 ; yes
