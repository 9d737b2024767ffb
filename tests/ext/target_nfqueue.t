# NFQUEUE: a program decides
:both filter INPUT
-j NFQUEUE ; -j NFQUEUE --queue-num 0 ; OK
-j NFQUEUE --queue-num 5 ; = ; OK
-j NFQUEUE --queue-num 5 --queue-bypass ; = ; OK
-j NFQUEUE --queue-balance 0:3 ; = ; OK
-j NFQUEUE --queue-balance 1:3 --queue-bypass --queue-cpu-fanout ; = ; OK
-j NFQUEUE --queue-num 65536 ; ; FAIL
-j NFQUEUE --queue-balance 3:1 ; ; FAIL
-j NFQUEUE --queue-num 1 --queue-balance 2:3 ; ; FAIL
-j NFQUEUE --queue-cpu-fanout ; ; FAIL
