# ACCEPT, DROP, RETURN, QUEUE
-j ACCEPT ; = ; OK
-j DROP ; = ; OK
-j RETURN ; = ; OK
-j QUEUE ; = ; OK
-j accept ; ; FAIL
-j ACCEPT --foo ; ; FAIL
! -j ACCEPT ; ; FAIL
