# eui64: addresses made of MAC addresses
:6
-m eui64 ; = ; OK
-m eui64 --nosuch ; ; FAIL
:6 filter OUTPUT
-m eui64 ; ; FAIL
