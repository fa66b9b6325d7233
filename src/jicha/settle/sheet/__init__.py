"""The line sheet of a case (结算单): acts and faults as plain data in, one line a period and component out."""
