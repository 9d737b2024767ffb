# string: a pattern in the packet
:both
-m string --algo bm --string abc ; -m string --string "abc" --algo bm ; OK
-m string ! --string "a b" --algo kmp --from 10 --to 100 --icase ; = ; OK
-m string --hex-string "GET|20 2f|x" --algo bm ; -m string --string "GET /x" --algo bm ; OK
-m string --hex-string "|00 ff|" --algo bm ; -m string --hex-string "|00ff|" --algo bm ; OK
-m string --hex-string "|0|" --algo bm ; ; FAIL
-m string --string abc --algo nosuch ; ; FAIL
-m string --string abc ; ; FAIL
-m string --algo bm ; ; FAIL
-m string --string abc --hex-string abc --algo bm ; ; FAIL
-m string --string abc --algo bm --from 9 --to 5 ; ; FAIL
:4
# The packets' data are zeros; the header holds addresses 10.0.0.9, 10.0.0.1.
-m string --algo bm --hex-string "|0a0000090a000001|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m string --algo bm --hex-string "|0a0000090a000002|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m string --algo kmp ! --hex-string "|0a0000090a000002|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m string --algo bm --from 12 --hex-string "|0a000009|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m string --algo bm --from 13 --hex-string "|0a000009|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
-m string --algo kmp --to 16 --hex-string "|0a000009|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; yes
-m string --algo kmp --to 15 --hex-string "|0a000009|" ; udp 10.0.0.9:1 > 10.0.0.1:53 ; no
