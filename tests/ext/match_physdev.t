# physdev: bridge ports
:both filter FORWARD
-m physdev --physdev-in eth0 ; = ; OK
-m physdev ! --physdev-in eth+ ; = ; OK
-m physdev --physdev-is-bridged ; = ; OK
-m physdev ! --physdev-is-bridged ; = ; OK
-m physdev --physdev-is-in ; = ; OK
-m physdev --physdev-out veth1 --physdev-is-bridged ; = ; OK
-m physdev --physdev-in a --physdev-out b --physdev-is-bridged ; -m physdev --physdev-in a --physdev-out b --physdev-is-bridged ; OK
-m physdev --physdev-is-out --physdev-is-bridged ; -m physdev --physdev-is-out --physdev-is-bridged ; OK
-m physdev --physdev-in + ; = ; OK
-m physdev --physdev-in ; ; FAIL
:both filter OUTPUT
-m physdev --physdev-out eth0 ; ; FAIL
-m physdev --physdev-is-out ! --physdev-is-bridged ; ; FAIL
-m physdev --physdev-out eth0 --physdev-is-bridged ; -m physdev --physdev-out eth0 --physdev-is-bridged ; OK
-m physdev --physdev-in eth0 ; = ; OK
