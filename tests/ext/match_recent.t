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
