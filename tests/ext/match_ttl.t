# ttl and hl: how many hops a packet may go
:4 filter
-m ttl --ttl-eq 5 ; = ; OK
-m ttl --ttl 5 ; -m ttl --ttl-eq 5 ; OK
-m ttl ! --ttl-eq 5 ; = ; OK
-m ttl --ttl-lt 5 ; = ; OK
-m ttl ! --ttl-lt 5 ; ; FAIL
-m ttl --ttl-gt 5 ; = ; OK
-m ttl --ttl-gt 5 --ttl-lt 7 ; ; FAIL
-m ttl --ttl-eq 256 ; ; FAIL
-m ttl ; ; FAIL
-m hl --hl-eq 5 ; ; FAIL
-m ttl --ttl-eq 64 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=64 ; yes
-m ttl ! --ttl-eq 64 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=64 ; no
-m ttl --ttl-lt 64 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=64 ; no
-m ttl --ttl-lt 65 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=64 ; yes
-m ttl --ttl-gt 63 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=64 ; yes
-m ttl --ttl-gt 255 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=255 ; no
-m ttl --ttl-lt 0 ; udp 10.0.0.9:1 > 10.0.0.1:53 ttl=1 ; no
:6 filter
-m hl --hl-eq 5 ; = ; OK
-m hl --hl 5 ; -m hl --hl-eq 5 ; OK
-m hl ! --hl-eq 5 ; = ; OK
-m hl ! --hl-lt 5 ; ; FAIL
-m hl --hl-gt 5 ; = ; OK
-m hl --hl-gt 5 --hl-lt 4 ; ; FAIL
-m hl ; ; FAIL
-m hl --hl-eq 64 ; udp [fd00::9]:1 > [fd00::1]:53 ttl=64 ; yes
-m hl --hl-lt 64 ; udp [fd00::9]:1 > [fd00::1]:53 ttl=64 ; no
-m hl --hl-gt 63 ; udp [fd00::9]:1 > [fd00::1]:53 ttl=64 ; yes
