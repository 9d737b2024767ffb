# ACCEPT, DROP, RETURN, QUEUE
-j ACCEPT ; = ; OK
-j DROP ; = ; OK
-j RETURN ; = ; OK
-j QUEUE ; = ; OK
-j accept ; ; FAIL
-j ACCEPT --foo ; ; FAIL
! -j ACCEPT ; ; FAIL
:4
# Numbers with too few dots are read by the name functions.
-s 65536 -j ACCEPT ; -s 0.1.0.0/32 -j ACCEPT ; OK
-s 1.65535 -j ACCEPT ; -s 1.0.255.255/32 -j ACCEPT ; OK
-s +3 -j ACCEPT ; -s 3.0.0.0/32 -j ACCEPT ; OK
