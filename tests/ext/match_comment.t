# comment: a remark
-m comment --comment abc ; = ; OK
-m comment --comment "a b" ; = ; OK
-m comment --comment "a.b" ; = ; OK
-m comment --comment "" ; = ; OK
-m comment --comment "it's \"quoted\" \\ here" ; -m comment --comment "it\'s \"quoted\" \\ here" ; OK
-m comment --comment a --comment b ; ; FAIL
-m comment ; ; FAIL
-m comment ! --comment a ; ; FAIL
-m comment --comment x ; udp 10.0.0.9:1000 > 10.0.0.1:53 ; yes
