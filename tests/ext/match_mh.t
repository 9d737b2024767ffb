# mh: Mobile IPv6
:6
-p mobility-header -m mh ; = ; OK
-p mobility-header -m mh --mh-type binding-update ; -p mobility-header -m mh --mh-type 5 ; OK
-p mobility-header -m mh ! --mh-type hoti:cot ; -p mobility-header -m mh ! --mh-type 1:4 ; OK
-p mobility-header -m mh --mh-type 5:2 ; ; FAIL
-p mobility-header -m mh --mh-type nosuch ; ; FAIL
-m mh --mh-type 5 ; ; FAIL
