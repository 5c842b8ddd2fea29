//! The pilot's numbered errors, put into our classes.

use model::ErrorClass;

/// The class of a failed job by its `pilotErrorCode`.
///
/// Numbers are those of pilot3's `errorcodes.py` (3.7 and 3.11). The pilot marks an error that it takes for
/// recoverable by a negative number; the class is the same. Without a number the payload itself failed.
pub(super) fn class_of(pilot_error: i64) -> ErrorClass {
    match pilot_error.saturating_abs() {
        0 => ErrorClass::Payload,
        1099 | 1100 | 1103 | 1145 | 1151 | 1168 | 1171 | 1180 | 1246 => ErrorClass::StageIn,
        1242 | 1321 | 1322 | 1326 | 1331 | 1338 | 1361 | 1362 | 1368 | 1374 => ErrorClass::StageIn,
        1133 | 1137 | 1141 | 1152 | 1165 | 1172 | 1181 | 1190 | 1191 => ErrorClass::StageOut,
        1221 | 1333 | 1343 | 1350 | 1371 => ErrorClass::StageOut,
        1104 | 1106 | 1124 => ErrorClass::Disk,
        1110 | 1143 | 1149 | 1186 | 1211 | 1244 | 1310 | 1334 | 1335 | 1346 | 1356 | 1358 | 1360 => ErrorClass::Start,
        1212 | 1223 | 1235 => ErrorClass::Memory,
        1213 | 1375 => ErrorClass::WallTime,
        1144 | 1205 | 1236 | 1363 => ErrorClass::Killed,
        1200..=1204 | 1206..=1208 | 1379 => ErrorClass::Evicted,
        1098 | 1115..=1117 | 1163 | 1177 | 1199 | 1306..=1309 | 1325 | 1327 | 1332 => ErrorClass::Node,
        1340 | 1341 | 1344 | 1345 | 1348 | 1359 | 1364 | 1370 | 1372 | 1373 | 1386 => ErrorClass::Node,
        1008 | 1300..=1303 | 1311..=1314 | 1316..=1320 | 1323 | 1324 | 1330 | 1337 | 1376 => ErrorClass::Internal,
        _ => ErrorClass::Payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_protocol_reference_have_their_classes() {
        let table = [
            (0, ErrorClass::Payload),
            (1305, ErrorClass::Payload),
            (1150, ErrorClass::Payload),
            (1098, ErrorClass::Node),
            (1099, ErrorClass::StageIn),
            (-1137, ErrorClass::StageOut),
            (1144, ErrorClass::Killed),
            (1149, ErrorClass::Start),
            (1152, ErrorClass::StageOut),
            (1165, ErrorClass::StageOut),
            (1201, ErrorClass::Evicted),
            (1212, ErrorClass::Memory),
            (1213, ErrorClass::WallTime),
            (1235, ErrorClass::Memory),
            (1318, ErrorClass::Internal),
            (1379, ErrorClass::Evicted),
            (i64::MIN, ErrorClass::Payload),
        ];
        for (code, class) in table {
            assert_eq!(class_of(code), class, "{code}");
        }
    }
}
