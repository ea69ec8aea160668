"""Entries of a worklist, as wlmscpfs reads them from files."""

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian


def a_step(number: int, station: str, name: str, charset: str = "ISO_IR 100") -> Dataset:
    """Return an entry of a worklist, with one scheduled procedure step."""
    step = Dataset()
    step.Modality = station[:2]
    step.ScheduledStationAETitle = station
    step.ScheduledProcedureStepStartDate = "20240102"
    step.ScheduledProcedureStepStartTime = "083000"
    step.ScheduledPerformingPhysicianName = "Perf^MD"
    step.ScheduledProcedureStepDescription = "HEAD"
    step.ScheduledProcedureStepID = f"SPS{number}"
    entry = Dataset()
    entry.SpecificCharacterSet = charset
    entry.PatientName = name
    entry.PatientID = f"WL{number}"
    entry.PatientBirthDate = "19700101"
    entry.PatientSex = "O"
    entry.StudyInstanceUID = f"1.2.3.{number}"
    entry.RequestedProcedureID = f"RP{number}"
    entry.RequestedProcedureDescription = "HEAD"
    entry.AccessionNumber = f"A{number}"
    entry.ReferringPhysicianName = "Ref^MD"
    entry.RequestingPhysician = "Req^MD"
    entry.RequestedProcedurePriority = "ROUTINE"
    entry.ScheduledProcedureStepSequence = [step]
    entry.file_meta = FileMetaDataset()
    entry.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    entry.file_meta.MediaStorageSOPClassUID = "1.2.276.0.7230010.3.1.0.1"
    entry.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
    return entry
