# cluster: nodes
:both
-m cluster --cluster-total-nodes 3 --cluster-local-node 2 --cluster-hash-seed 7 ; -m cluster --cluster-local-nodemask 0x00000002 --cluster-total-nodes 3 --cluster-hash-seed 0x00000007 ; OK
-m cluster --cluster-total-nodes 3 ! --cluster-local-nodemask 5 --cluster-hash-seed 7 ; -m cluster ! --cluster-local-nodemask 0x00000005 --cluster-total-nodes 3 --cluster-hash-seed 0x00000007 ; OK
-m cluster --cluster-total-nodes 17 --cluster-local-nodemask 33 --cluster-hash-seed 7 ; ; FAIL
-m cluster --cluster-total-nodes 3 --cluster-local-node 4 --cluster-hash-seed 7 ; ; FAIL
-m cluster --cluster-total-nodes 33 --cluster-local-node 4 --cluster-hash-seed 7 ; ; FAIL
-m cluster --cluster-total-nodes 3 --cluster-local-node 2 ; ; FAIL
