# hashlimit: buckets by address and port
:4
-m hashlimit --hashlimit-upto 5/min --hashlimit-name a ; -m hashlimit --hashlimit-upto 5/min --hashlimit-burst 5 --hashlimit-name a ; OK
-m hashlimit --hashlimit 60/min --hashlimit-mode dstport,srcip --hashlimit-name b ; -m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 5 --hashlimit-mode srcip,dstport --hashlimit-name b --hashlimit-htable-expire 60000 ; OK
-m hashlimit ! --hashlimit-upto 7/hour --hashlimit-burst 3 --hashlimit-name c --hashlimit-srcmask 24 --hashlimit-dstmask 32 ; -m hashlimit --hashlimit-above 7/hour --hashlimit-burst 3 --hashlimit-name c --hashlimit-srcmask 24 ; OK
-m hashlimit --hashlimit-above 10mb/s --hashlimit-name d --hashlimit-htable-size 100 --hashlimit-htable-max 200 --hashlimit-htable-gcinterval 500 ; = ; OK
-m hashlimit --hashlimit-above 1000b/s --hashlimit-burst 2000b --hashlimit-name e ; -m hashlimit --hashlimit-above 992b/s --hashlimit-burst 2kb --hashlimit-name e ; OK
-m hashlimit --hashlimit-above 9/sec --hashlimit-name f --hashlimit-rate-match --hashlimit-rate-interval 3 ; -m hashlimit --hashlimit-above 9/sec --hashlimit-burst 5 --hashlimit-name f --hashlimit-rate-match --hashlimit-rate-interval 3 ; OK
-m hashlimit --hashlimit-upto 1000001/sec --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1/day --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1kb/s --hashlimit-burst 10b --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1/sec --hashlimit-burst 0 --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1/sec --hashlimit-mode nosuch --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1/sec --hashlimit-srcmask 33 --hashlimit-name g ; ; FAIL
-m hashlimit --hashlimit-upto 1/sec ; ; FAIL
-m hashlimit --hashlimit-name g ; ; FAIL
