DROP TABLE stay_approvals;
DROP TABLE stay_guests;
DROP TABLE stays;
DROP TABLE facility_delegations;
DROP TABLE facilities;
