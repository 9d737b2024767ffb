# connlabel: labels
:both
-m connlabel --label 40 ; -m connlabel --label "40" ; OK
-m connlabel ! --label "5" --set ; = ; OK
-m connlabel --label 128 ; ; FAIL
-m connlabel --set ; ; FAIL
