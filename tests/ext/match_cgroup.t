# cgroup: control groups
:both
-m cgroup --cgroup 5 ; = ; OK
-m cgroup ! --cgroup 0x10 ; -m cgroup ! --cgroup 16 ; OK
-m cgroup --path / ; -m cgroup --path "/" ; OK
-m cgroup ; ; FAIL
-m cgroup --cgroup 1 --path / ; ; FAIL
:both filter FORWARD
-m cgroup --cgroup 5 ; ; FAIL
