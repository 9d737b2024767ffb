# osf: operating system fingerprints
:4
-p tcp -m osf --genre Linux ; = ; OK
-p tcp -m osf ! --genre Linux --ttl 2 --log 1 ; = ; OK
-p tcp -m osf --genre Linux --ttl 3 ; ; FAIL
-p tcp -m osf --ttl 1 ; ; FAIL
-m osf --genre Linux ; ; FAIL
:4
-m osf ; ; FAIL
-m osf --genre Linux ; ; FAIL
-p tcp -m osf --genre Linux ; = ; OK
-p tcp -m osf ! --genre Linux --ttl 0 --log 1 ; = ; OK
-p tcp -m osf --genre Linux --ttl 3 ; ; FAIL
-p tcp -m osf --genre Linux --ttl 2 --log 2 ; = ; OK
-p tcp -m osf --genre Linux --log 3 ; ; FAIL
-p tcp -m osf --genre aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; -p tcp -m osf --genre aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; OK
-p tcp -m osf --genre aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; = ; OK
-p tcp -m osf --genre aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; -p tcp -m osf --genre aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ; OK
-p tcp -m osf --ttl 0 ; ; FAIL
! -p tcp -m osf --genre Linux ; ; FAIL
-p tcp -m osf --genre Linux --connector ; ; FAIL
