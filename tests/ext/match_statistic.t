# statistic: every nth packet, or a share
:both
-m statistic --mode nth --every 3 --packet 0 ; = ; OK
-m statistic --mode nth ! --every 3 --packet 2 ; = ; OK
-m statistic --mode random --probability 0.3 ; -m statistic --mode random --probability 0.29999999981 ; OK
-m statistic --mode random ! --probability 1 ; -m statistic --mode random ! --probability 1.00000000000 ; OK
-m statistic --mode nth --every 3 ; ; FAIL
-m statistic --mode nth --every 3 --packet 3 ; ; FAIL
-m statistic --mode random --probability 2 ; ; FAIL
-m statistic --probability 0.5 ; ; FAIL
-m statistic --mode random ; ; FAIL
-m statistic --mode nosuch ; ; FAIL
:4
-m statistic --mode nth --every 2 --packet 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m statistic --mode nth --every 2 --packet 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m statistic --mode nth --every 2 --packet 1 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m statistic --mode nth ! --every 2 --packet 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m statistic --mode random --probability 1 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m statistic --mode random --probability 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
