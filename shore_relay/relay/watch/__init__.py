"""What an operator watches a relay by: health, metrics, alarms, the doctor and the operator's page."""
