# ruff: noqa: E501 -- one message a line
"""Indonesian text that primes the text packer: reports, answers and check-ins from life and work on board."""

TEXT = """\
Gaji saya belum dibayar sejak bulan Maret. Kapten bilang perusahaan akan kirim bulan depan, tapi tidak pernah datang.
Saya ABK asal Tegal, sudah 14 bulan di kapal ini dan mau pulang.
Tolong bantu kami, kami enam orang Indonesia dan tidak ada yang jawab telepon kami.
Gaji di kontrak 350 dolar per bulan, tapi keluarga saya cuma terima 150.
Empat bulan tidak digaji. Terakhir dibayar bulan Januari.
Agen potong 600 dolar dari gaji untuk biaya dokumen, padahal dokumennya tidak ada.
Setiap bulan dipotong Rp 500.000 untuk makan dan utang. Saya tidak pernah tanda tangan soal itu.
Katanya saya masih punya utang 12 juta rupiah sama sponsor dan harus kerja sampai lunas.
Dia janji bonus kalau hasil tangkapan banyak. Tangkapan banyak, bonus tidak ada.
Istri saya ke bank hari Senin, ternyata uangnya belum masuk rekening.
Kiriman uang untuk Mei, Juni, dan Juli tidak sampai ke rumah. Anak-anak saya tidak bisa bayar sekolah.
Sarung tangan dan sepatu bot kami beli sendiri, dipotong 50 dolar setiap trip.
Katanya kerja 12 jam sehari. Nyatanya 18 sampai 20 jam, kadang dua hari tidak tidur.
Kalau ada ikan tidak boleh berhenti. Kemarin saya tidur cuma tiga jam.
Minggu ini sama sekali tidak ada istirahat, tarik jaring siang malam.
Bosun bangunkan kami dengan tendangan. Kalau lambat dipukul pakai pipa.
Kapten memukul kepala teman saya pakai besi. Dia berdarah dan tidak bisa berdiri.
Mualim menampar muka saya dan mengancam mau buang saya ke laut.
Kalau saya lapor, katanya saya tidak akan ketemu keluarga lagi.
Kapten punya senjata di anjungan. Tadi malam waktu mabuk dia tunjukkan ke kami.
Ada yang ditusuk waktu berkelahi di dek tadi pagi. Kami butuh dokter sekarang.
Ada perwira yang suka meraba anak muda itu malam-malam. Anak itu takut tidur.
Saya dipaksa berhubungan badan dengan masinis dua. Tolong jangan bilang kapten.
Dia datang ke tempat tidur saya waktu yang lain kerja. Saya tidak tahu harus bagaimana.
Saya sudah tidak mau hidup lagi. Saya sering berpikir mau loncat ke laut.
Teman saya bilang mau bunuh diri. Dia tidak mau makan dan menangis tiap malam.
Dua orang nekat terjun ke laut dekat pantai, kami tidak tahu mereka masih hidup atau tidak.
Satu orang hilang sejak semalam. Kapten tidak mau putar balik untuk mencari.
Seorang ABK jatuh ke laut sekitar jam 3 pagi waktu ombak besar. Dicari cuma satu jam.
Dia tidak pakai pelampung. Jaket pelampung cuma ada delapan untuk 23 orang.
Sepupu saya meninggal di kapal tanggal 12 Agustus. Jenazahnya disimpan di freezer bersama ikan.
Jenazah dilarung ke laut dan keluarganya tidak dikasih tahu.
Kakinya bengkak, sesak napas, lalu meninggal. Sekarang ada dua orang lagi sakit yang sama.
Kaki saya bengkak dan dada terasa sesak. Kalau ditekan, kulitnya tetap cekung.
Badan lemas, pusing, tangan dan kaki mati rasa.
Makanan kami cuma nasi dan ikan umpan. Sudah dua bulan tidak ada sayur.
Air minum berkarat dan bau solar. Banyak yang sakit perut dan mencret.
Kami minum air dari es di palka ikan. Air laut disuling, rasanya masih asin.
Tidak ada air tawar untuk mandi. Badan gatal-gatal dan penuh luka.
Perbekalan habis, tinggal mi instan dan sedikit beras.
Kata koki, beras cukup untuk sepuluh hari lagi.
Saya tidur di dek karena tempat tidur kurang. Kalau hujan basah semua.
Sepuluh orang tidur di satu kamar sempit di sebelah kamar mesin. Panas sekali, banyak kecoa dan kutu.
Selimut tidak ada, kasur tidak ada, WC juga tidak ada.
Jari saya terjepit winch. Kapten cuma kasih plester dan suruh kerja lagi.
Mata pancing tembus tangan saya, sekarang infeksi, bengkak dan hitam. Saya demam.
Tali putus kena matanya. Mata sebelah kiri tidak bisa melihat.
Tangannya patah. Mereka tidak mau bawa ke rumah sakit karena boros solar.
Saya jatuh dari tangga ke dalam palka, punggung sakit sekali dan tidak bisa angkat barang.
Kotak obat kosong. Hanya ada parasetamol yang sudah kedaluwarsa.
Sudah tiga minggu sakit gigi dan pipi saya bengkak.
Batuk darah dari hari Selasa. Saya kira TBC.
Dia demam tinggi dan mengigau. Dari kemarin sore belum sadar.
Nyeri dada, muntah, susah bernapas. Tolong tanyakan dokter kami harus apa.
Paspor dan buku pelaut kami ditahan kapten di lemari terkunci.
Paspor saya diambil waktu naik kapal dan tidak pernah dikembalikan.
Kartu ATM dan PIN saya dipegang agen. Dia yang ambil uangnya.
Saya tidak punya surat apa-apa. Izin kerja habis bulan September dan pemilik kapal tidak perpanjang.
Kalau turun ke darat takut ditangkap polisi karena tidak ada dokumen.
Saya tidak pernah dikasih salinan PKL. Isinya bahasa Mandarin, saya tidak mengerti.
Disuruh cap jempol di kertas kosong.
Di kantor kontraknya lain, sampai di pelabuhan diganti kontrak baru yang gajinya lebih kecil.
Kontrak saya dua tahun, sudah selesai bulan Februari, tapi belum boleh pulang.
Dijanjikan kerja di pabrik di Taiwan, ternyata dinaikkan ke kapal longline.
Calo di kampung bilang kerjanya di darat. Dia minta 15 juta. Saya gadaikan sawah untuk bayar.
Saya pinjam uang ke rentenir, bunganya 10 persen sebulan, utang makin besar.
Kalau putus kontrak, katanya kena denda 1.500 dolar dan ijazah saya tidak dikembalikan.
Jaminan ijazah, buku nikah dan sertifikat rumah masih di kantor PT.
Kami dipindahkan di tengah laut ke kapal lain. Saya tidak tahu nama kapal ini.
Nama kapal dicat ulang, benderanya juga ganti.
Lambung kapal tidak ada nomornya. AIS dimatikan kalau dekat perbatasan.
Sudah 11 bulan di laut tidak pernah lihat daratan. Ikan dan logistik dipindah lewat kapal kolekting.
Tidak boleh turun ke darat. Di pelabuhan pintu dikunci dan ada penjaga di dermaga.
HP kami semua dikumpulkan kapten, tidak boleh telepon keluarga.
Kami sudah tiga kali minta pulang. Kata kapten belum ada pengganti.
Kapal lego jangkar sejak 5 April. Pemilik tidak menjawab dan solar untuk genset habis.
Kami ditelantarkan di sini. Sembilan ABK, tanpa makanan, tanpa listrik, tujuh bulan tidak gajian.
Perusahaan bangkrut dan kami ditinggal di pelabuhan Busan.
Visa sudah habis, imigrasi tidak izinkan kami turun dari kapal.
Kontrak sudah selesai tapi tiket pulang tidak dibelikan.
Katanya tiket pesawat bayar sendiri. Saya tidak punya uang.
Ada anak umur empat belas kerja di kapal ini. Dia mengaku delapan belas, tapi masih bocah.
Dua anak di bawah 15 tahun ikut sortir ikan malam hari.
Hiu dipotong siripnya lalu badannya dibuang. Sirip disembunyikan di bawah umpan.
Mereka tangkap lumba-lumba buat umpan. Saya punya foto di HP.
Kami menangkap ikan di daerah terlarang malam-malam, lampu dimatikan.
Kapten punya dua logbook, yang satu palsu.
Kapal ini masuk perairan negara lain tanpa izin. Pakai bom ikan dan potas juga pernah.
Waktu ada pemeriksaan, kapten ajari kami harus jawab apa. Kami takut bicara jujur.
Petugas terima amplop dan tidak bicara sama ABK.
Oknum minta uang 2 juta supaya buku pelaut dicap.
Polisi naik ke kapal, minum-minum dengan kapten, lalu pergi.
Saya mengadu ke dinas tenaga kerja, terus nama saya dibocorkan ke pemilik. Sekarang saya dihukum.
Karena bicara dengan pengawas, saya dikasih kerja paling berat dan sehari tidak dikasih makan.
Saya dikurung di gudang dua hari karena menghubungi LSM.
Setelah kami mogok, kapten matikan air.
Kami dimaki anjing dan babi. Salat diejek dan lauknya cuma daging babi.
Orang Filipina makan bareng perwira, kami makan sisa.
Fishing master marah-marah terus dan melempar kami pakai ikan beku.
Tidak ada helm, sarung tangan, sepatu. Saya kerja tanpa alas kaki di freezer.
Suhu freezer minus 50 derajat dan jaket saya robek.
Sekoci rusak dan tabung pemadam sudah kedaluwarsa.
Lambung bocor, pompa jalan terus.
Jam 04.00 kamar mesin terbakar. Sekarang sudah padam, tapi mesin rusak dan kapal hanyut.
Kapal kemasukan air. Tolong hubungi Basarnas secepatnya.
Badai mau datang, kapten tetap mau cari ikan. Ombak lima meter.
Amonia bocor dari mesin pendingin, mata kami perih.
Posisi kami 5 derajat 12 menit lintang utara, 104 derajat 30 menit bujur timur.
Kira-kira 40 mil sebelah barat daya pulau. Kemarin saya lihat mercusuar.
Sepertinya kami di dekat Somalia. Panas sekali.
Hari Jumat atau Sabtu sandar, mungkin di Benoa, mungkin di Muara Baru.
Pelabuhan berikutnya Port Louis, sekitar 20 November.
Kapal menuju Kaohsiung, dua minggu lagi sampai.
Kami berangkat dari Bitung tanggal sepuluh Oktober dan belum pernah masuk pelabuhan lagi.
Besok siang kembali ke Pekalongan. Bisa ketemu di dermaga?
Kapal panjang 45 meter, warna biru putih, haluan berkarat. ABK 28 orang: 12 Indonesia, 9 Filipina, 4 Vietnam, 3 Cina.
Kaptennya orang Taiwan, KKM orang Korea. Nama pemiliknya saya tidak tahu.
Nama saya tidak penting. Saya menulis untuk kami semua.
Ini bukan untuk saya tapi untuk teman yang tidak bisa baca tulis.
Mohon rahasiakan nama saya. Jangan sampai kapten tahu.
Jangan telepon ke kapal. Kalau telepon, pasti ketahuan kami yang lapor.
Saya cuma bisa tulis malam hari kalau anjungan sepi.
Hari ini baik. Semua sehat, tidak ada kabar baru.
Saya sehat. Dapat banyak tuna dan cuaca bagus.
Kurang enak badan, tapi tidak darurat.
Saya perlu bantuan sekarang. Cepat.
Di sini aman, terima kasih sudah bertanya.
Masih hidup, masih kerja. Sampaikan ke ibu, saya baik-baik saja.
Lebih baik dari minggu lalu. Hari Minggu kami dapat daging dan sayur segar.
Kaptennya baik, tapi perusahaannya tidak bayar.
Waktu itu Bapak bilang mau kirim surat ke perusahaan. Sudah ada jawaban?
Apakah istri saya sudah terima uangnya? Bilang nanti saya telepon kalau sudah sandar.
Pesannya sudah saya terima. Terima kasih, saya senang ada yang mau mendengarkan.
Ya, boleh kasih tahu pengacara. Polisi jangan dulu.
Saya setuju laporan ini dibagi ke serikat, tapi jangan ke perusahaan.
Tidak, saya belum mau turun, saya mau gaji dulu.
Kalau saya kabur di pelabuhan bagaimana? Apa dipenjara?
Apa benar mereka boleh tahan separuh gaji sampai kontrak selesai?
Siapa yang bayar operasi saya? Kata asuransi itu kesalahan saya sendiri.
Berapa jam istirahat yang benar? Kata kapten di laut tidak ada hukum.
Tolong cek apakah PT itu masih buka. Kantornya di Pemalang.
Bapak saya sakit keras, saya harus pulang sebelum Desember.
Anak saya lahir bulan Juni dan saya belum pernah lihat mukanya.
Saya dijual dari satu kapal ke kapal lain seharga 30.000 baht.
Awalnya enam bulan, lalu satu tahun, sekarang hampir tiga tahun.
Kami bukan budak. Kami hanya minta hak kami sesuai janji.
Lembur tidak pernah dihitung. Daftar jam kerja diisi kantor, kami tinggal tanda tangan.
Di kertas istirahat sepuluh jam. Kenyataannya empat atau lima.
Tanda tangan 9 juta, yang diterima cuma 6 juta tunai.
Kata juragan saya sudah kasbon 5 juta. Itu bohong.
Rokok, obat, kopi dan pulsa dijual dua kali lipat.
Uang jaminan 100 dolar per bulan ditahan. Kalau pulang sebelum waktunya hangus.
Sistem bagi hasil diubah tanpa tanya kami, dari 2 persen jadi 1 persen.
Hari ini gaji sudah dibayar semua. Alhamdulillah, terima kasih atas bantuannya!
Sudah saya terima 1.200 dolar, tapi masih kurang 800.
Agensi bilang perusahaan belum bayar, perusahaan bilang sudah bayar ke agensi.
Adik saya di kapal lain milik perusahaan yang sama, di sana juga begitu.
Kami mau mogok kerja sampai dibayar. Boleh atau tidak?
Wakil kapten ambil HP saya dan dibanting di depan orang banyak.
Kapten baru naik di Dakar, sejak itu keadaan jauh lebih buruk.
Tiap malam dia mabuk terus cari orang untuk dipukul.
Semalam leher saya ditodong pisau gara-gara tali kusut.
Teman kami diikat di tiang, dijemur seharian tanpa minum.
Bahu dan leher saya disiram air panas.
Kalau ketiduran, kami disiram air dingin, pernah juga disetrum.
Mualim kasih pil supaya kuat melek. Beberapa orang sekarang kecanduan.
Dia seperti orang gila, bicara sendiri dan mau berenang pulang.
Kami takut dia melukai diri sendiri atau orang lain.
Saya hanya capek. Tidak ada teman bicara satu bahasa.
Kami dengar teriakan lalu bunyi jatuh ke air. Setelah itu dia tidak kelihatan lagi.
Kapten suruh kami bilang dia loncat sendiri, padahal didorong.
Keluarganya belum tahu. Orangnya dari Brebes, umur 27, anaknya dua masih kecil.
Bagaimana supaya keluarga dapat jenazah dan santunan?
Kami kubur dia di sebuah pulau. Saya bisa tunjukkan tempatnya.
Tiga orang disapu ombak dari dek. Satu tertolong, dua hilang.
Dengar dari radio, ada kapal lain tenggelam dengan seluruh awaknya.
Kakinya tersangkut jaring dan dia tertarik ke bawah air. Kami potong jaring, tapi sudah terlambat.
Kawat derek putus, satu meninggal, satu luka parah, kaki patah dan kepala bocor.
Tangan saya terjepit antara tali dan tromol, dua jari putus.
Lutut saya kena duri ikan, sekarang merah, panas, tidak bisa jalan.
Walaupun dia sudah terkapar di lantai, pekerjaan jalan terus.
Dokter di pelabuhan bilang saya harus istirahat dua minggu, besoknya sudah disuruh kerja lagi.
Matanya kuning dan sudah tidak bisa kencing.
Empat orang gejalanya sama: kaki bengkak, napas pendek, tidak nafsu makan.
Tidak ada vitamin. Makan nasi putih, ikan asin dan garam saja.
Kulkas rusak, dagingnya busuk dan berulat.
Tangki air hampir kosong. Satu orang dijatah satu botol sehari.
Kerja di ombak besar tanpa tali pengaman. Nanti pasti ada yang jatuh.
Saya takut dengan winch itu, remnya blong.
Saya disuruh menyelam pakai kompresor tanpa latihan, tahun lalu ada yang mati.
Kapal terlalu penuh, tidak ada sabun, tidak ada apa-apa.
Tidak pernah ada pelatihan. Sertifikat BST saya palsu, nama dan tanggal lahir juga salah.
Di buku pelaut umur saya 25. Sebenarnya baru 17.
Sponsor bawa kami malam-malam naik truk bersama 20 orang lain.
Kami ditampung di mes dekat pelabuhan sampai kapal siap. Pintunya digembok.
Kalau saya tidak naik kapal, calo akan datangi orang tua saya.
Dia punya foto rumah saya dan tahu adik saya sekolah di mana.
Nama saya mau dimasukkan daftar hitam supaya tidak bisa kerja lagi.
Kapal tanker pengangkut ikan datang hari Kamis. Saya bisa ikut pulang dengan kapal itu.
Ada pemantau di kapal. Dia lihat semua tapi takut juga.
Pemeriksaan di pelabuhan cuma sepuluh menit, yang dilihat ikannya, bukan kami.
Penerjemahnya teman pemilik dan tidak menyampaikan yang saya bilang.
Lima orang disembunyikan di palka kalau ada patroli angkatan laut.
Separuh ABK tidak tercatat di daftar awak kapal.
Kami ada foto dan video pemukulan. Bagaimana cara kirim yang aman?
Kejadiannya Rabu malam, kira-kira jam sembilan, di dek belakang. Empat orang melihat.
Orang yang sama sudah pernah begitu bulan April dan Juli.
Saya takut pesan ini ketahuan. Sebentar lagi saya hapus.
Mohon cepat dibalas, karena hari Minggu pagi kami berangkat melaut lagi.
Pesan Anda sudah kami terima. Anda tidak sendirian. Kami membaca setiap kata.
Terima kasih sudah bercerita. Anda berani sekali.
Kami percaya kepada Anda. Apa yang terjadi bukan salah Anda.
Nama saya Sari, saya yang akan mendampingi kasus ini. Silakan tulis kapan saja dalam bahasa Anda.
Kami tidak akan memberi tahu kapten atau perusahaan bahwa Anda menulis kepada kami.
Apakah Anda aman sekarang? Orang yang menyakiti Anda masih ada di dekat Anda?
Mohon beri tahu apa yang paling dibutuhkan: dokter, gaji, dokumen, atau turun dari kapal?
Apa nama kapalnya, atau nomor yang tertulis di lambung?
Berapa orang di kapal yang mengalami hal yang sama?
Kapan terakhir digaji, dan berapa yang diterima?
Apakah Anda punya salinan kontrak? Kalau bisa, foto setiap halamannya.
Paspor Anda sekarang dipegang siapa? Sejak kapan?
Di mana posisi kapal sekarang, dan kapan akan sandar?
Berapa jam Anda tidur dalam 24 jam terakhir?
Apakah dia demam? Napasnya cepat? Bisa minum tanpa muntah?
Baringkan dia dengan kaki lebih tinggi dan selimuti. Beri air bersih sedikit demi sedikit.
Tekan lukanya kuat-kuat dengan kain bersih selama sepuluh menit, jangan dibuka dulu.
Cuci tangan yang luka dengan air matang dan sabun dua kali sehari, jaga tetap kering.
Dokter sudah membaca laporan Anda, dia harus segera dibawa ke rumah sakit.
Kaki bengkak dan sesak napas bisa jadi beri-beri, karena kurang vitamin B1, dan bisa diobati. Tolong kabari hari ini berapa orang yang kena.
Kami sudah minta tim SAR menghubungi kapal. Mereka tidak akan menyebut siapa yang melapor.
Posisi kapal sudah kami sampaikan ke penjaga pantai. Tolong tulis lagi satu jam lagi.
Kalau terpikir untuk mengakhiri hidup, bicaralah dengan teman di dekat Anda sekarang, dan tulis kepada kami. Kami ingin Anda tetap hidup.
Anda berharga bagi kami. Malam ini tolong jangan sendirian di dek.
Jangan dilawan. Tetaplah bersama teman-teman dan tidur berdekatan.
Lakukan hanya kalau aman. Nyawa Anda lebih penting daripada bukti apa pun.
Catat hari, jam, dan kejadiannya. Simpan di tempat yang tidak diperiksa orang.
Mohon jangan tanda tangani surat yang tidak Anda pahami.
Anda berhak memegang paspor sendiri. Orang lain tidak boleh menahannya tanpa izin.
Menurut aturan, gaji harus dibayar setiap bulan, dan biaya perekrutan ditanggung majikan.
Anda berhak istirahat sepuluh jam dalam 24 jam dan 77 jam dalam tujuh hari.
Kami sudah menyurati pemilik kapal soal gaji tanpa menyebut nama siapa pun.
Perusahaan berjanji membayar akhir bulan ini. Kami akan pantau terus.
Kata pengacara, Anda bisa menuntut gaji yang belum dibayar dan juga ganti rugi.
Bolehkah laporan ini kami bagikan kepada pengawas ketenagakerjaan? Boleh jawab ya atau tidak, kami tetap membantu.
Teman kami akan menunggu di pelabuhan pakai baju putih, di samping warung beratap hijau.
Kalau sudah turun, hubungi nomor ini dulu. Gratis, dan ada yang bisa bahasa Indonesia.
Ada rumah aman untuk menginap, makan, dan istirahat. Tidak dipungut biaya.
Tadi kami bicara dengan istri Anda. Dia dan anak-anak sehat dan titip salam.
Maaf prosesnya lama. Kami tidak melupakan Anda.
Belum ada jawaban dari KBRI. Senin kami coba hubungi lagi.
Kabar baik: tiket pulang sudah dibayar, Anda terbang hari Kamis tanggal 9.
Apa kabar hari ini? Mohon kirim kabar kalau sempat.
Sudah lima hari tidak ada kabar dari Anda. Apakah baik-baik saja?
Tolong kirim kabar setiap sore, walaupun tidak ada kejadian apa-apa.
Kalau sampai besok malam tidak ada kabar, kami akan minta pihak berwenang mencari kapal Anda.
Jaga diri baik-baik dan saling menjaga. Nanti kami tulis lagi.
Serikat pekerja bisa naik ke kapal waktu sandar. Apakah Anda mau?
Kalau ditanya siapa yang lapor, Anda tidak harus menjawab.
Segera beri tahu kalau ada perubahan, kapal pindah tempat, atau Anda dalam bahaya.
Selanjutnya Anda ingin kami berbuat apa? Tanpa persetujuan Anda tidak akan kami lakukan.
"""
