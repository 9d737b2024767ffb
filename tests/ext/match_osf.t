# osf: operating system fingerprints
:4
-p tcp -m osf --genre Linux ; = ; OK
-p tcp -m osf ! --genre Linux --ttl 2 --log 1 ; = ; OK
-p tcp -m osf --genre Linux --ttl 3 ; ; FAIL
-p tcp -m osf --ttl 1 ; ; FAIL
-m osf --genre Linux ; ; FAIL
