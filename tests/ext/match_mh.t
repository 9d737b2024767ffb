# mh: Mobile IPv6
:6
-p mobility-header -m mh ; = ; OK
-p mobility-header -m mh --mh-type binding-update ; -p mobility-header -m mh --mh-type 5 ; OK
-p mobility-header -m mh ! --mh-type hoti:cot ; -p mobility-header -m mh ! --mh-type 1:4 ; OK
-p mobility-header -m mh --mh-type 5:2 ; ; FAIL
-p mobility-header -m mh --mh-type nosuch ; ; FAIL
-m mh --mh-type 5 ; ; FAIL
:6
-p mh -m mh ; -p mobility-header -m mh ; OK
-m mh --mh-type 5 ; ; FAIL
! -p mh -m mh --mh-type 5 ; ; FAIL
-p mh -m mh ; 135 [fd00::9] > [fd00::1] hex=3b00050000000000 ; yes
-p mh --mh-type 5 ; 135 [fd00::9] > [fd00::1] hex=3b00050000000000 ; yes
-p mh ! --mh-type 5:6 ; 135 [fd00::9] > [fd00::1] hex=3b00050000000000 ; no
-p mh --mh-type brr ; 135 [fd00::9] > [fd00::1] hex=3b00050000000000 ; no
-p mh ! --mh-type 0:255 ; 135 [fd00::9] > [fd00::1] hex=3b00050000000000 ; no
# A payload behind it, or a header cut short, drops the packet.
-p mh --mh-type 5 ; 135 [fd00::9] > [fd00::1] hex=1100050000000000 ; hotdrop
-p mh --mh-type 5 ; 135 [fd00::9] > [fd00::1] hex=3b00050000 ; hotdrop
-p mh --mh-type 5 ; udp [fd00::9]:5 > [fd00::1]:6 ; no
