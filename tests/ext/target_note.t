# AUDIT, IDLETIMER, LED, RATEEST, ULOG, SECMARK, CONNSECMARK
:both
-j AUDIT --type accept ; = ; OK
-j AUDIT --type nosuch ; ; FAIL
-j AUDIT ; ; FAIL
-j IDLETIMER --timeout 5 --label x ; = ; OK
-j IDLETIMER --timeout 5 --label y --alarm ; = ; OK
-j IDLETIMER --timeout 0 --label z ; ; FAIL
-j IDLETIMER --label z ; ; FAIL
-j LED --led-trigger-id x --led-delay inf --led-always-blink ; -j LED --led-trigger-id "x" --led-delay inf --led-always-blink ; HERE
-j LED ; ; FAIL
-j RATEEST --rateest-name r --rateest-interval 1s --rateest-ewmalog 3s ; -j RATEEST --rateest-name r --rateest-interval 1.0s --rateest-ewmalog 2.0s ; OK
-j RATEEST --rateest-name r --rateest-interval 9s --rateest-ewmalog 3s ; ; FAIL
-j RATEEST --rateest-name r ; ; FAIL
:4
-j ULOG --ulog-nlgroup 2 --ulog-cprange 100 --ulog-qthreshold 10 --ulog-prefix abc ; -j ULOG --ulog-prefix abc --ulog-nlgroup 2 --ulog-cprange 100 --ulog-qthreshold 10 ; HERE
-j ULOG --ulog-nlgroup 33 ; ; FAIL
:both mangle
-j CONNSECMARK --save ; = ; HERE
-j CONNSECMARK --restore ; = ; HERE
-j CONNSECMARK ; ; FAIL
-j SECMARK --selctx a:b:c ; = ; HERE
-j SECMARK ; ; FAIL
