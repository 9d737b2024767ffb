# connbytes: what a connection has carried
:both
-m connbytes --connbytes 5 --connbytes-dir both --connbytes-mode bytes ; -m connbytes --connbytes 5 --connbytes-mode bytes --connbytes-dir both ; OK
-m connbytes ! --connbytes 5:9 --connbytes-mode avgpkt --connbytes-dir reply ; = ; OK
-m connbytes --connbytes 9:5 --connbytes-mode bytes --connbytes-dir both ; ; FAIL
-m connbytes --connbytes 5 --connbytes-mode nosuch --connbytes-dir both ; ; FAIL
-m connbytes --connbytes 5 --connbytes-mode bytes ; ; FAIL
