# rpfilter: the route back
:both mangle PREROUTING
-m rpfilter ; = ; OK
-m rpfilter --invert --accept-local --validmark --loose ; -m rpfilter --loose --validmark --accept-local --invert ; OK
:both filter INPUT
-m rpfilter ; ; FAIL
:both mangle FORWARD
-m rpfilter ; ; FAIL
