"""The workbench of spans and of several labels: what is asked of it is answered by parts."""
