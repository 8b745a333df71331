"""Speech ids to mel: the conformer encoder and the flow-matching decoder."""
