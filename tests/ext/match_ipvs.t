# ipvs: the load balancer's connections
:both
-m ipvs --ipvs ; = ; HERE
-m ipvs ! --vproto 6 --vport 80 --vdir REPLY ! --vmethod MASQ --vportctl 21 ; = ; HERE
-m ipvs --vdir nosuch ; ; FAIL
-m ipvs ; ; FAIL
:4
-m ipvs --vaddr 10.0.0.1 ; = ; HERE
