"""Large exports (大批导出): more rows than one may carry away alone, made once a second person has said yes."""
