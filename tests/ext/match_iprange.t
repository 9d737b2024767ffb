# iprange: ranges of addresses
:4 filter
-m iprange --src-range 1.1.1.1-1.1.1.9 ; = ; OK
-m iprange --src-range 1.1.1.1 ; -m iprange --src-range 1.1.1.1-1.1.1.1 ; OK
-m iprange --src-range 1.1.1.9-1.1.1.1 ! --dst-range 10.1-10.2 ; -m iprange --src-range 1.1.1.9-1.1.1.1 ! --dst-range 10.1.0.0-10.2.0.0 ; OK
-m iprange --src-range 010.1.1.1 ; -m iprange --src-range 8.1.1.1-8.1.1.1 ; OK
-m iprange --src-range 1.1.1.1- ; ; FAIL
-m iprange --src-range 1.1.1.1-1.1.1.2-1.1.1.3 ; ; FAIL
-m iprange --src-range foo ; ; FAIL
-m iprange --src-range 1.1.1.1/24 ; ; FAIL
-m iprange ; ; FAIL
-m iprange --src-range 10.0.0.5-10.0.0.9 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m iprange --src-range 10.0.0.5-10.0.0.8 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m iprange ! --src-range 10.0.0.5-10.0.0.8 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m iprange --src-range 10.0.0.9 --dst-range 10.0.0.0-10.0.0.1 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m iprange --src-range 10.0.0.20-10.0.0.5 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m iprange ! --src-range 10.0.0.20-10.0.0.5 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
:6 filter
-m iprange --src-range fe80::1-fe80::5 ; = ; OK
-m iprange ! --dst-range fe80::1 ; -m iprange ! --dst-range fe80::1-fe80::1 ; OK
-m iprange --dst-range 1.2.3.4 ; ; FAIL
-m iprange --src-range fd00::5-fd00::a ; udp [fd00::9]:1 > [fd00::1]:53 ; yes
-m iprange --src-range fd00::a-fd00::b ; udp [fd00::9]:1 > [fd00::1]:53 ; no
