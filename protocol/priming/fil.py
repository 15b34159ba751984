# ruff: noqa: E501 -- one message a line
"""Filipino text that primes the text packer: reports, answers and check-ins from life and work on board."""

TEXT = """\
Hindi pa kami sinusuwelduhan mula Marso. Sabi ng kapitan sa susunod na buwan daw ipapadala ng kumpanya, pero wala naman dumarating.
Mangingisda po ako taga-General Santos, 14 na buwan na ako sa barkong ito at gusto ko nang umuwi.
Tulungan n'yo po kami, anim kaming Pilipino dito at walang sumasagot sa tawag namin.
Nasa kontrata 350 dollars kada buwan, pero 150 lang ang natanggap ng pamilya ko.
Apat na buwan nang walang sahod. Huling bayad noong Enero pa.
Kinaltasan ako ng agency ng 600 dollars para sa mga papeles, e wala namang papeles na binigay.
Buwan-buwan may bawas na 5,000 pesos para sa pagkain at utang. Wala akong pinirmahang ganyan.
May utang pa raw ako sa recruiter na 80,000 at kailangan kong magtrabaho hanggang mabayaran.
Nangako ng bonus kung marami ang huli. Marami ang huli, wala namang bonus.
Pumunta ang misis ko sa bangko noong Lunes, walang laman ang account.
Hindi naipadala ang allotment nitong Mayo, Hunyo at Hulyo. Hindi na makapasok sa eskwela ang mga anak ko.
Guwantes at bota kami pa ang bumibili, 50 dollars ang kaltas tuwing biyahe.
Ang usapan 12 oras ang trabaho. Ang totoo 18 hanggang 20 oras, minsan dalawang araw walang tulog.
Basta may isda tuloy-tuloy ang trabaho. Kahapon tatlong oras lang ang tulog ko.
Buong linggo walang pahinga, hila ng lambat araw at gabi.
Sinisipa kami ng bosun para magising. Pag mabagal, hinahampas ng tubo.
Pinalo ng kapitan ng bakal sa ulo ang kasama ko. Dumudugo siya at hindi makatayo.
Sinampal ako ng chief mate at tinakot na itatapon sa dagat.
Pag nagsumbong daw ako hindi ko na makikita ang pamilya ko.
May baril sa bridge. Ipinakita niya sa amin kagabi habang lasing siya.
May nasaksak sa away sa deck kaninang umaga. Kailangan namin ng doktor ngayon na.
May opisyal na hinihipuan ang binatilyo sa gabi. Takot nang matulog ang bata.
Pinilit akong makipagtalik ng second engineer. Huwag n'yo pong sabihin sa kapitan.
Pumupunta siya sa higaan ko pag nasa trabaho ang iba. Hindi ko alam ang gagawin ko.
Ayoko nang mabuhay. Lagi kong naiisip na tumalon na lang sa dagat.
Sabi ng kaibigan ko magpapakamatay na siya. Hindi kumakain at umiiyak gabi-gabi.
Dalawa ang tumalon malapit sa baybayin, hindi namin alam kung buhay pa.
May nawawalang isa mula kagabi. Hindi bumalik ang kapitan para maghanap.
Nahulog sa dagat ang isang crew bandang alas-tres ng madaling araw, malakas ang alon. Isang oras lang hinanap.
Wala siyang suot na life jacket. Walo lang ang life jacket para sa 23 katao.
Namatay ang pinsan ko sa barko noong Agosto 12. Inilagay ang bangkay sa freezer kasama ng isda.
Itinapon nila ang bangkay sa dagat at hindi sinabihan ang pamilya.
Namaga ang paa, hindi makahinga, tapos namatay. Ngayon may dalawa pang may ganoong sakit.
Manas ang mga binti ko at masikip ang dibdib. Pag diniinan lumulubog ang balat.
Nanghihina ako, nahihilo, manhid ang kamay at paa.
Kanin at pain na isda lang ang ulam namin. Dalawang buwan nang walang gulay.
Kinakalawang ang tubig na inumin at amoy krudo. Marami ang sumasakit ang tiyan at nagtatae.
Tunaw na yelo galing sa fish hold ang iniinom namin.
Walang tubig na panligo. Makati ang buong katawan at puro sugat.
Ubos na ang pagkain, noodles na lang at kaunting bigas.
Sabi ng kusinero, sampung araw na lang ang bigas.
Sa deck ako natutulog kasi kulang ang higaan. Pag umulan basa lahat.
Sampu kami sa maliit na kuwarto katabi ng makina. Sobrang init, maraming ipis at surot.
Walang kumot, walang kutson, wala ring kubeta.
Naipit ang daliri ko sa winch. Nilagyan lang ng tape ng kapitan at pinabalik ako sa trabaho.
Tumagos ang kawil sa kamay ko, impeksyon na, maga at nangingitim. Nilalagnat ako.
Naputol ang lubid at tinamaan siya sa mata. Hindi na makakita ang kaliwa.
Bali ang braso niya. Ayaw dalhin sa ospital kasi sayang daw ang krudo.
Nahulog ako sa hagdan papunta sa bodega, sobrang sakit ng likod ko at hindi na makabuhat.
Walang laman ang medicine box. Paracetamol lang na expired.
Tatlong linggo na masakit ang ngipin ko at maga na ang pisngi.
Umuubo ng dugo mula pa noong Martes. Baka TB na ito.
Mataas ang lagnat niya at nagdedeliryo. Mula kahapon ng hapon hindi pa nagigising.
Masakit ang dibdib, nagsusuka, hirap huminga. Pakitanong po sa doktor kung ano ang dapat gawin.
Hawak ng kapitan ang passport at seaman's book namin, nakakandado.
Kinuha ang pasaporte ko pagsampa ko at hindi na ibinalik.
Nasa agency ang ATM ko pati PIN. Sila ang nagwi-withdraw.
Wala akong papeles. Expired na noong Setyembre ang work permit at hindi ni-renew ng may-ari.
Pag bumaba ako baka hulihin ako ng pulis kasi walang dokumento.
Hindi ako binigyan ng kopya ng kontrata. Nakasulat sa Chinese, hindi ko mabasa.
Pinag-thumbmark ako sa blangkong papel.
Iba ang kontrata sa opisina, pagdating sa pantalan pinalitan ng mas mababa ang sahod.
Dalawang taon ang kontrata ko. Natapos noong Pebrero pero ayaw pa akong pauwiin.
Pabrika raw sa Taiwan ang trabaho, sa longliner pala ako isinakay.
Sabi ng recruiter sa baryo namin sa lupa ang trabaho. Humingi ng 60,000. Isinanla namin ang bukid.
Nangutang ako sa five-six, sampung porsyento kada buwan, lumalaki ang utang.
Pag nag-break contract, may multa raw na 1,500 dollars.
Inilipat kami sa gitna ng dagat sa ibang barko. Hindi ko alam ang pangalan nito.
Pininturahan nila ng bagong pangalan ang barko, pati bandila iba na.
Walang numero sa gilid ang bangka. Pinapatay ang AIS pag malapit sa hangganan.
Labing-isang buwan na kaming hindi nakakakita ng lupa. Carrier lang ang naghahatid ng supply at kumukuha ng isda.
Bawal bumaba. Sa pantalan nakakandado ang pinto at may guwardiya.
Kinuha lahat ng cellphone namin, hindi makatawag sa pamilya.
Tatlong beses na kaming nagpaalam umuwi. Wala pa raw kapalit.
Nakaangkla kami mula Abril 5. Hindi sumasagot ang may-ari at wala nang krudo ang generator.
Inabandona kami rito. Siyam na crew, walang pagkain, walang kuryente, pitong buwang walang sahod.
Nalugi ang kumpanya at iniwan kami sa Busan.
Tapos na ang visa namin, ayaw kaming pababain ng immigration.
Tapos na ang kontrata ko pero hindi ako binibilhan ng ticket pauwi.
Sagot ko raw ang pamasahe. Wala naman akong pera.
May batang katorse anyos na nagtatrabaho dito. Disiotso raw siya pero bata pa talaga.
Dalawang menor de edad ang nagpipili ng isda sa gabi.
Pinuputulan ng palikpik ang pating tapos itinatapon ang katawan. Nakatago ang shark fin sa ilalim ng pain.
Humuhuli sila ng dolphin para gawing pain. May litrato ako sa cellphone.
Nangingisda kami sa bawal na lugar sa gabi, patay ang ilaw.
Dalawa ang logbook ng kapitan, peke ang isa.
Pumapasok kami sa dagat ng ibang bansa nang walang lisensya. Minsan gumagamit pa ng dinamita.
Nang dumating ang mga inspektor, tinuruan kami ng kapitan kung ano ang isasagot. Takot kaming magsabi ng totoo.
Tumanggap ng sobre ang opisyal at hindi na kinausap ang crew.
Humihingi ng lagay na 2,000 bago tatakan ang libro ko.
Umakyat ang pulis, nakipag-inuman sa kapitan, tapos umalis.
Nagreklamo ako sa DMW, tapos nalaman ng may-ari ang pangalan ko. Pinag-iinitan na ako ngayon.
Dahil kinausap ko ang inspektor, sa akin ang pinakamabigat na trabaho at isang araw akong hindi pinakain.
Ikinulong ako sa bodega nang dalawang araw dahil nakipag-usap ako sa NGO.
Nang mag-strike kami, pinutol ng kapitan ang tubig.
Tinatawag kaming aso at baboy. Pinagtatawanan ang pagdarasal namin.
Hiwalay kumain ang mga Chinese, tira-tira lang ang sa amin.
Sigaw nang sigaw ang fishing master at nambabato ng frozen na isda.
Walang helmet, walang guwantes, walang bota. Nakayapak ako sa freezer.
Minus 50 sa freezer at punit na ang jacket ko.
Sira ang life raft at expired ang fire extinguisher.
Butas ang barko, tuloy-tuloy ang bomba.
Nasunog ang engine room alas-kuwatro ng umaga. Napatay na, pero sira ang makina at inaanod kami.
Pinapasok na ng tubig ang barko. Tawagan n'yo po ang coast guard.
May paparating na bagyo pero gusto pa ring mangisda ng kapitan. Limang metro ang alon.
May tagas na ammonia sa planta, mahapdi sa mata.
Posisyon namin 5 degrees 12 minutes north, 104 degrees 30 minutes east.
Mga 40 milya timog-kanluran ng isla. Nakita ko ang parola kahapon.
Palagay ko malapit kami sa Somalia. Napakainit dito.
Dadaong kami sa Biyernes o Sabado, baka sa Navotas, baka sa Zamboanga.
Sunod na puerto Port Louis, mga Nobyembre 20.
Papuntang Kaohsiung ang barko, dalawang linggo pa bago dumating.
Umalis kami sa GenSan noong ikasampu ng Oktubre at hindi na dumaong mula noon.
Bukas ng tanghali balik na kami sa Davao. Puwede ba tayong magkita sa pier?
45 metro ang haba ng barko, asul at puti, kalawangin ang unahan. 28 ang crew: 12 Indonesian, 9 Pilipino, 4 Vietnamese at 3 Chinese.
Taiwanese ang kapitan, Koreano ang chief engineer. Hindi ko alam kung sino ang may-ari.
Hindi na mahalaga ang pangalan ko. Sumusulat ako para sa aming lahat.
Hindi para sa akin ito kundi para sa kasama kong hindi marunong bumasa.
Ilihim n'yo po ang pangalan ko. Hindi dapat malaman ng kapitan.
Huwag po kayong tatawag sa barko. Malalaman nilang kami ang nagsumbong.
Sa gabi lang ako nakakasulat pag walang tao sa bridge.
Maayos naman ngayong araw. Lahat ligtas, walang bago.
Mabuti ako. Marami kaming nahuling tuna at maganda ang panahon.
Hindi mabuti ang pakiramdam ko pero hindi naman emergency.
Kailangan ko ng tulong ngayon. Pakibilisan.
Okay lang kami rito, salamat sa pangungumusta.
Buhay pa, nagtatrabaho pa. Pakisabi kay nanay na ayos lang ako.
Mas mabuti kaysa noong isang linggo. May karne at sariwang gulay noong Linggo.
Mabait ang kapitan, ang kumpanya lang ang hindi nagbabayad.
Sabi n'yo po dati susulatan n'yo ang kumpanya. May sagot na ba?
Natanggap na ba ng asawa ko ang pera? Pakisabi tatawag ako pagdating sa puerto.
Nabasa ko ang mensahe n'yo. Maraming salamat, natuwa ako na may nakikinig.
Opo, puwedeng sabihin sa abogado. Huwag muna sa pulis.
Payag akong ibahagi ito sa unyon, pero hindi sa kumpanya.
Hindi pa po, ayaw ko pang bumaba, gusto ko munang makuha ang sahod ko.
Paano kung tumakas ako sa pantalan? Makukulong ba ako?
Totoo bang puwede nilang i-hold ang kalahati ng sahod hanggang matapos ang kontrata?
Sino ang sasagot ng operasyon ko? Sabi ng insurance kasalanan ko raw.
Ilang oras ba dapat ang pahinga? Sabi ng kapitan walang batas sa dagat.
Pakitingnan po kung bukas pa ang agency. Nasa Ermita, Manila ang opisina nila.
May sakit ang tatay ko, kailangan kong makauwi bago mag-Disyembre.
Ipinanganak ang anak ko noong Hunyo at hindi ko pa siya nakikita.
Ibinenta ako mula sa isang barko papunta sa iba sa halagang 30,000 baht.
Noong una anim na buwan lang daw, naging isang taon, ngayon magtatatlong taon na.
Hindi kami alipin. Ang ipinangako lang ang hinihingi namin.
Hindi binibilang ang overtime. Opisina ang nagsusulat ng oras, pipirma na lang kami.
Sa papel sampung oras ang pahinga. Sa totoo apat o lima lang.
Pinapirma ako ng 20,000 pero 12,000 lang ang inabot na cash.
Naka-bale na raw ako ng 15,000. Kasinungalingan iyon.
Sigarilyo, gamot, kape at load, doble ang presyo dito.
May 100 dollars kada buwan na hawak nila bilang garantiya. Pag umuwi nang maaga, wala na lahat.
Binago nila ang hatian nang hindi kami tinatanong.
Nabayaran na kaming lahat ngayon. Salamat sa Diyos at sa tulong ninyo!
Nakatanggap na ako ng 1,200 dollars pero kulang pa ng 800.
Sabi ng agency hindi pa nagbabayad ang principal, sabi naman ng principal bayad na.
Nasa kabilang barko ng parehong kumpanya ang kapatid ko, ganoon din doon.
Gusto naming tumigil sa trabaho hanggang magbayad sila. Puwede ba iyon?
Inagaw ng second mate ang telepono ko at binasag sa harap ng lahat.
May bagong kapitan na sumampa sa Dakar, mula noon lalong lumala.
Gabi-gabi siyang lasing at naghahanap ng mabubugbog.
Kagabi tinutukan niya ako ng kutsilyo sa leeg dahil nagkabuhol ang linya.
Itinali nila ang kasama namin sa poste, ibinilad sa araw maghapon, walang inom.
Binuhusan ako ng mainit na tubig sa balikat.
Pag nakatulog kami binubuhusan ng malamig na tubig.
Binibigyan kami ng tableta para hindi antukin. Adik na ang ilan.
Parang nasiraan na siya ng bait, nagsasalita mag-isa, gustong lumangoy pauwi.
Natatakot kami na saktan niya ang sarili niya o ang iba.
Pagod lang ako. Wala akong makausap.
Narinig namin ang sigaw, tapos may bumagsak sa tubig. Hindi na siya nakita pagkatapos.
Ang utos ng kapitan sabihin naming tumalon siya, pero itinulak siya.
Hindi pa alam ng pamilya niya. Taga-Iloilo siya, 27 anyos, may dalawang anak na babae.
Paano makukuha ng pamilya ang bangkay at ang kompensasyon?
Inilibing namin siya sa isang isla. Maituturo ko ang lugar.
Tinangay ng alon ang tatlo mula sa deck. Isa ang nasagip, dalawa ang nawala.
Narinig sa radyo na lumubog ang isang bangka kasama ang lahat ng sakay.
Nasabit ang paa niya sa lambat at nahila sa ilalim. Pinutol namin, pero huli na.
Naputol ang kable ng crane, isang patay, isang malubha, bali ang binti at basag ang ulo.
Naipit ang kamay ko sa pagitan ng lubid at drum, dalawang daliri ang naputol.
Natusok ng tinik ang tuhod ko, namumula na, mainit, hindi ako makalakad.
Nakahandusay na siya sa sahig, tuloy pa rin ang trabaho.
Sabi ng doktor dalawang linggong pahinga, kinabukasan pinagtrabaho na ulit ako.
Naninilaw ang mata niya at hindi na umiihi.
Apat kaming pare-pareho: maga ang paa, hinihingal, walang ganang kumain.
Walang bitamina. Puro kanin, tuyo at asin.
Nasira ang ref, bulok at inuuod na ang karne.
Paubos na ang tangke ng tubig. Isang bote bawat tao sa isang araw.
Nagtatrabaho kami sa malalaking alon nang walang safety line. May mahuhulog talaga.
Takot ako sa winch na iyon, sira ang preno.
Pinasisisid nila ako gamit ang compressor kahit walang training, may namatay na noong isang taon.
Siksikan sa barko, walang sabon, wala lahat.
Peke ang certificate na binigay sa akin, mali ang pangalan at kaarawan.
Sa seaman's book 25 ako. Ang totoo 17 pa lang.
Dinala kami ng recruiter sa gabi sakay ng trak, dalawampu kami.
Ikinulong kami sa bahay malapit sa pier hanggang handa na ang barko.
Pag hindi ako sumampa, pupuntahan daw ang mga magulang ko.
May litrato siya ng bahay namin at alam kung saan nag-aaral ang kapatid kong babae.
Iba-blacklist daw ako para hindi na makahanap ng trabaho.
Sa Huwebes darating ang carrier para kunin ang isda. Puwede akong sumabay pauwi.
May observer sa barko. Nakikita niya lahat pero takot din siya.
Sampung minuto lang ang inspeksyon, isda ang tiningnan, hindi kami.
Kaibigan ng may-ari ang interpreter, hindi sinabi ang sinabi ko.
Limang tao ang itinatago sa bodega pag dumarating ang navy.
Kalahati sa amin wala sa crew list.
May litrato at video kami ng pambubugbog. Paano ipapadala nang ligtas?
Nangyari ito Miyerkules ng gabi, mga alas-nuwebe, sa likod ng barko. Apat ang nakakita.
Natatakot akong makita nila ito. Buburahin ko na mamaya.
Pakisagot po agad, kasi Linggo ng umaga lalaot na ulit kami.
Natanggap namin ang mensahe mo. Hindi ka nag-iisa. Binabasa namin ang bawat salita.
Salamat sa pagsasabi. Ang tapang mo.
Naniniwala kami sa iyo. Hindi mo kasalanan ang nangyari.
Ako si Liza, ako ang hahawak ng kaso mo. Sumulat ka anumang oras sa sarili mong wika.
Hindi namin sasabihin sa kapitan o sa kumpanya na sumulat ka.
Ligtas ka ba ngayon? Malapit pa ba sa iyo ang nanakit?
Ano ang pinakakailangan mo: doktor, sahod, papeles, o makaalis sa barko?
Ano ang pangalan ng barko, o numerong nakapinta sa gilid?
Ilan kayong ganito ang kalagayan?
Kailan ka huling sinuwelduhan, at magkano ang natanggap mo?
May kopya ka ba ng kontrata? Kung kaya, kunan ng litrato ang bawat pahina.
Sino ang may hawak ng pasaporte mo? Kailan pa?
Nasaan ang barko ngayon, at kailan kayo dadaong?
Ilang oras ang tulog mo sa nakaraang 24 oras?
May lagnat ba siya? Mabilis ba ang paghinga? Nakakainom ba nang hindi sumusuka?
Ihiga siya, itaas ang paa, at kumutan. Painumin ng malinis na tubig nang paunti-unti.
Diinan ang sugat ng malinis na tela sa loob ng sampung minuto, huwag munang sisilipin.
Hugasan ang kamay ng pinakuluang tubig at sabon dalawang beses sa isang araw at panatilihing tuyo.
Nabasa na ng doktor ang report mo, kailangan siyang madala sa ospital sa lalong madaling panahon.
Ang manas at hingal ay puwedeng beriberi dahil kulang sa vitamin B1, at nagagamot ito. Sabihin mo ngayon kung ilan ang may ganito.
Pinakiusapan na namin ang rescue center na kontakin ang barko. Hindi nila sasabihin kung sino ang nag-report.
Nasabi na sa coast guard ang posisyon ninyo. Sumulat ulit pagkaraan ng isang oras.
Kung naiisip mong wakasan ang buhay mo, kausapin mo ngayon ang kasama mo at sumulat ka sa amin. Gusto naming mabuhay ka.
Mahalaga ka sa amin. Huwag kang mag-isa sa deck ngayong gabi.
Huwag kang lumaban. Manatili sa tabi ng mga kaibigan at magtabi kayong matulog.
Gawin lang kung ligtas. Mas mahalaga ang buhay mo kaysa anumang ebidensya.
Isulat ang araw, oras at nangyari. Itago sa lugar na walang tumitingin.
Huwag pipirma sa papel na hindi mo naiintindihan.
Karapatan mong hawakan ang sarili mong pasaporte.
Ayon sa batas, buwan-buwan dapat ang sahod, at ang amo ang dapat magbayad ng placement fee.
May karapatan ka sa sampung oras na pahinga bawat 24 oras at 77 oras sa pitong araw.
Sinulatan na namin ang may-ari tungkol sa sahod nang walang binabanggit na pangalan.
Nangako ang kumpanya na magbabayad sa katapusan ng buwan. Babantayan namin.
Sabi ng abogado puwede mong habulin ang hindi nabayarang sahod at danyos.
Papayag ka bang ibahagi namin ang report mo sa labor inspector? Oo o hindi, tutulong pa rin kami.
Naghihintay sa pantalan ang kasama namin, nakaputi, sa tabi ng tindahang berde ang bubong.
Pagbaba mo, tawagan muna ang numerong ito. Libre, at may marunong mag-Tagalog.
May bahay na ligtas kung saan puwede kang tumuloy, kumain at magpahinga. Walang bayad.
Nakausap namin ang asawa mo kanina. Malusog sila ng mga bata at nangungumusta.
Pasensya na at matagal. Hindi ka namin nakakalimutan.
Wala pang sagot ang embahada. Susubukan ulit namin sa Lunes.
Magandang balita: bayad na ang ticket mo, Huwebes, a-nuwebe, ang lipad mo.
Kumusta ka ngayon? Mag-check-in ka kapag kaya mo.
Limang araw na kaming walang balita sa iyo. Ayos ka lang ba?
Magpadala ng check-in gabi-gabi kahit walang nangyari.
Pag wala kang paramdam hanggang bukas ng gabi, hihilingin naming hanapin ang barko.
Ingat ka palagi at magbantayan kayo. Susulat ulit kami.
Pag tinanong kung sino ang nagsumbong, hindi mo kailangang sumagot.
Sabihan agad kami kung may nagbago, lumipat ang barko, o nasa panganib ka.
Ano ang gusto mong gawin namin? Wala kaming gagawin nang hindi ka pumapayag.
"""
