# SET: writing sets
> create s hash:ip timeout 10
:4
-j SET --add-set s src --exist --timeout 30 ; = ; OK
-j SET --del-set s src --add-set s dst ; -j SET --add-set s dst --del-set s src ; OK
-j SET --add-set s nosuch ; ; FAIL
-j SET --exist ; ; FAIL
-j SET --map-set s src ; ; FAIL
-j SET --map-set s src --add-set s src --map-mark ; ; FAIL
-j SET --map-set nosuch src --map-mark --map-prio --map-queue ; = ; HERE
