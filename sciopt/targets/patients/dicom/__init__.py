"""Patients from DICOM: CT, RTSTRUCT and RTDOSE in, RTSTRUCT and RTDOSE out; no identifier of a patient gets through."""
