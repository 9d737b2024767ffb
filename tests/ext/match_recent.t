# recent: lists of addresses
:4
-m recent --set ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --rdest --mask 255.255.255.0 --name x --update --seconds 60 --hitcount 3 --rttl ; -m recent --update --seconds 60 --hitcount 3 --rttl --name x --mask 255.255.255.0 --rdest ; OK
-m recent ! --rcheck --seconds 3 --reap ; -m recent ! --rcheck --seconds 3 --reap --name DEFAULT --mask 255.255.255.255 --rsource ; OK
-m recent --remove ; -m recent --remove --name DEFAULT --mask 255.255.255.255 --rsource ; OK
:both
-m recent --set --seconds 5 ; ; FAIL
-m recent --set --rttl ; ; FAIL
-m recent --rcheck --update ; ; FAIL
-m recent --rcheck --hitcount 65536 ; ; FAIL
-m recent --rcheck --reap ; ; FAIL
-m recent ; ; FAIL
:4
-m recent --rsource --rdest --set ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rdest ; OK
-m recent --rdest --rsource --set ; -m recent --set --name DEFAULT --mask 255.255.255.255 --rsource ; OK
:6
-m recent --set ; -m recent --set --name DEFAULT --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource ; OK
:4
-m recent --rcheck --name p1 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m recent --set --name p2 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m recent ! --set --name p3 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m recent --update --name p4 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
# A part before it writes the list that it reads.
-m recent --set --name p5 -m recent --rcheck --name p5 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m recent --set --name p6 -m recent --rcheck --hitcount 2 --name p6 ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m recent --set --name p7 -m recent --rcheck --hitcount 2 --name p7 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m recent --set --name p8 -m recent --rcheck --hitcount 2 --name p8 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.8:1 > 10.0.0.1:53 ; no
-m recent --set --name p9 --mask 255.255.255.0 -m recent --rcheck --hitcount 2 --name p9 --mask 255.255.255.0 ; udp 10.0.0.9:1 > 10.0.0.1:53 | udp 10.0.0.8:1 > 10.0.0.1:53 ; yes
-m recent --set --name pa -m recent --remove --name pa -m recent ! --rcheck --name pa ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m recent --set --name pb --rdest -m recent --rcheck --name pb --rsource ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
