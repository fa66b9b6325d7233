"""Jobs (后台任务): work that outlasts a click, and the steps that come round by themselves."""
