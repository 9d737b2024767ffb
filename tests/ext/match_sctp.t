# sctp: ports and chunks
:both
-p sctp -m sctp --sport 5:9 ! --dport 80 ; = ; OK
-p sctp --dport 80 ; -p sctp -m sctp --dport 80 ; OK
-p sctp -m sctp --chunk-types any DATA,INIT ; = ; OK
-p sctp -m sctp --chunk-types only init,data:Be ; -p sctp -m sctp --chunk-types only DATA:Be,INIT ; OK
-p sctp -m sctp ! --chunk-types all ALL ; = ; OK
-p sctp -m sctp --chunk-types any NONE ; = ; OK
-p sctp -m sctp --chunk-types some DATA ; ; FAIL
-p sctp -m sctp --chunk-types any NOSUCH ; ; FAIL
-p sctp -m sctp --chunk-types any DATA:x ; ; FAIL
-p sctp -m sctp --chunk-types any ; ; FAIL
-m sctp --sport 5 ; ; FAIL
