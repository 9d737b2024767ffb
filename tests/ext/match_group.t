# devgroup and realm
:both filter FORWARD
-m devgroup --src-group 5 ; -m devgroup --src-group 0x5 ; OK
-m devgroup ! --dst-group 0x5/0xff --src-group 7 ; -m devgroup --src-group 0x7 ! --dst-group 0x5/0xff ; OK
-m devgroup ; ; FAIL
-m devgroup --src-group nosuch ; ; FAIL
:4 filter FORWARD
-m realm --realm 5 ; -m realm --realm 0x5 ; OK
-m realm ! --realm 5/7 ; -m realm ! --realm 0x5/0x7 ; OK
-m realm --realm nosuch ; ; FAIL
-m realm ; ; FAIL
:both filter OUTPUT
-m devgroup --src-group 5 ; ; FAIL
:4 raw PREROUTING
-m realm --realm 5 ; ; FAIL
