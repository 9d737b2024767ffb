# connlimit: connections of an address
:both
-m connlimit --connlimit-above 5 --connlimit-mask 24 --connlimit-daddr ; = ; OK
-m connlimit --connlimit-upto 5 --connlimit-mask 0 --connlimit-saddr ; = ; OK
-m connlimit ! --connlimit-above 5 --connlimit-mask 8 ; -m connlimit --connlimit-upto 5 --connlimit-mask 8 --connlimit-saddr ; OK
-m connlimit --connlimit-upto 5 --connlimit-above 5 ; ; FAIL
-m connlimit --connlimit-upto 5 --connlimit-saddr --connlimit-daddr ; ; FAIL
-m connlimit ; ; FAIL
:4
-m connlimit --connlimit-upto 5 ; -m connlimit --connlimit-upto 5 --connlimit-mask 32 --connlimit-saddr ; OK
-m connlimit --connlimit-upto 5 --connlimit-mask 33 ; -m connlimit --connlimit-upto 5 --connlimit-mask 32 --connlimit-saddr ; OK
