# quota: so many bytes
:both
-m quota --quota 1000 ; = ; OK
-m quota ! --quota 0 ; = ; OK
-m quota --quota x ; ; FAIL
-m quota ; ; FAIL
:4
-m quota --quota 28 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m quota --quota 27 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m quota ! --quota 27 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m quota --quota 60 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m quota --quota 60 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# What does not fit ends it, even for what would fit.
-m quota --quota 60 ; udp 10.0.0.9:1 > 10.0.0.1:53 data=100 | udp 10.0.0.9:1 > 10.0.0.1:53 ; no
